"""What a machine had when its recording began: images, drives, sizes."""
