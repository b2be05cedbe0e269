"""Studies: many trainings of several models and seeds, one table, paired differences."""
