"""The networks of this project; SmallerVGGNet is in smallervggnet.py."""
