"""Pages of help: parsed, put into R's words, laid out."""
