"""A data set made from folders, videos and Flickr: gathered, judged, split."""
