"""The Photos page: a visitor's photos and what was found in them."""
