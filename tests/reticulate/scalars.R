# Scalars, vectors and lists between R and Python, as judge.R runs them.

#- NULL, TRUE, a whole number, a number, a text
list(kind(NULL), kind(TRUE), kind(1L), kind(1), kind("a"))

#- typed NA
#! A typed NA never becomes an ordinary value.
list(kind(NA), kind(NA_integer_), kind(NA_character_))
