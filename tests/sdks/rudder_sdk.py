"""RudderStack's SDK for Python: identify, then so many events, then flush."""

import sys

from rudderstack.analytics.client import Client

host, write_key, user, count = sys.argv[1:]
client = Client(write_key, host=host, upload_size=10, max_retries=10, on_error=print)
client.identify(user, {"email": f"{user}@example.com"})
for n in range(int(count)):
    client.track(user, "Product Viewed", {"product_id": f"p{n}", "n": n})
client.flush()
client.join()
