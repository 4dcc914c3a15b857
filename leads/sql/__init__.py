"""Set-based statements over leads: plain values in and out, no rule but the guard against a stale write."""
