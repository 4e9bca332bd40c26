// Segment's SDK for Node: identify, then so many events, then flush.
import { Analytics } from '@segment/analytics-node';

const [host, writeKey, userId, count] = process.argv.slice(2);
const analytics = new Analytics({ host, writeKey, path: '/v1/batch', flushAt: 10, maxRetries: 10 });
analytics.on('error', (error) => console.error('segment node:', error.code ?? error));
analytics.identify({ userId, traits: { email: `${userId}@example.com` } });
for (let n = 0; n < Number(count); n += 1) {
  analytics.track({ userId, event: 'Product Viewed', properties: { product_id: `p${n}`, n } });
}
await analytics.closeAndFlush({ timeout: 60_000 });
