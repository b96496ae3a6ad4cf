"""Pages over the whole site: what is missing at first, a month on one sheet, all other pages."""
