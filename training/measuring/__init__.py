"""How good a model is: in folds, on spoiled pictures, on photos of a visitor's own."""
