"""The training of a network: recipe, augmentation, losses, the loop and its checkpoints."""
