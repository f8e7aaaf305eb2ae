"""Networks: layers, shapes, weights, and the trained ones that ship."""
