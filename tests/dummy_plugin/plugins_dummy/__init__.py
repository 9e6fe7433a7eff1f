"""Plug-ins that use every point of the contract. Only the tests load them."""
