# Parses a scrape with the official Prometheus client and prints it as JSON: family -> [[sample, labels, value], ...].
# usage: scrape.py text|openmetrics < scrape
import json
import sys

if sys.argv[1] == "openmetrics":
    from prometheus_client.openmetrics.parser import text_string_to_metric_families
else:
    from prometheus_client.parser import text_string_to_metric_families

families = {}
for family in text_string_to_metric_families(sys.stdin.read()):
    assert family.name not in families, "described twice: " + family.name
    assert family.documentation and family.type != "unknown", family.name
    families[family.name] = [[s.name, s.labels, s.value] for s in family.samples]
json.dump(families, sys.stdout)
