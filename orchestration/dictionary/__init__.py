"""The browsable KPI dictionary: static pages that work offline, in English and Chinese.

`words.py`: labels in both languages; `values.py`: what the published catalog says; `chart.py`: inline SVG; `pages.py`:
the pages. Not here: any text about a KPI (it stands beside its declaration).
"""
