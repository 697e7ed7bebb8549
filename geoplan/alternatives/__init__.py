"""Is there other land? The search that guarded land asks for."""
