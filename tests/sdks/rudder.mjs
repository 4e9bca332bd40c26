// RudderStack's SDK for Node: identify, then so many events, then flush.
import RudderAnalytics from '@rudderstack/rudder-sdk-node';

const [host, writeKey, userId, count] = process.argv.slice(2);
const Client = RudderAnalytics.default ?? RudderAnalytics;
const analytics = new Client(writeKey, {
  dataPlaneUrl: host,
  flushAt: 10,
  flushInterval: 200,
  logLevel: 'error',
});
analytics.identify({ userId, traits: { email: `${userId}@example.com` } });
for (let n = 0; n < Number(count); n += 1) {
  analytics.track({ userId, event: 'Product Viewed', properties: { product_id: `p${n}`, n } });
}
await analytics.flush();
// What is still being sent again when the flush returns.
await new Promise((done) => setTimeout(done, 8_000));
process.exit(0);
