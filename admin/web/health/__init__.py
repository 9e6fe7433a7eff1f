"""For whoever watches over the product: is it alive, can it work, how much does it do."""
