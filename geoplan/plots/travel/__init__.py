"""How places are reached over roads and ferries."""
