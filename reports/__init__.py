"""Result tables, statistics, and the reports made from them."""
