"""`countermand check`, the doctor: a module for each kind of finding."""
