"""From a file to pixels: finding images, checking headers, and decoding in other processes."""
