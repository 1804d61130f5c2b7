"""Charts as text: SVG drawn on the server, with the numbers as rows beside it.

Pure functions; the same drawing stands on a page, on paper and in a PDF. Colors stand
in the drawing as attributes (light, for paper) and are replaced by the tokens of the
page through ``css/chart.css``. Nothing depends on color: series differ by shape, dash
or pattern and carry their name, every mark has its numbers as text, and every chart
comes with its table.
"""
