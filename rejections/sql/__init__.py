"""Set-based statements over batches and their rows: plain values in and out, guards but no rules."""
