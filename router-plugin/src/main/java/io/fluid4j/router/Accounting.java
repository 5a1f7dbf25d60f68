/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import io.fluid4j.router.log.LogEndpoint;
import io.fluid4j.router.log.LoggedLine;
import io.fluid4j.router.log.RequestLogs;
import io.fluid4j.router.select.LeastLoadedSelector;
import io.fluid4j.router.usage.PriceBook;
import io.fluid4j.router.usage.UsageEndpoint;
import io.fluid4j.router.usage.UsageLedger;
import io.fluid4j.spi.config.Config;
import io.fluid4j.spi.config.RouterKeys;
import io.fluid4j.spi.config.Secret;
import io.fluid4j.trace.Tracing;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a router writes down of its requests: metrics, stories, access log, usage. Start and close are for one thread. */
final class Accounting implements AutoCloseable {

    private static final int MAX_EXPLAINED_LINES = 500;

    private final RequestStories stories;
    private final boolean leastLoaded;
    private final @Nullable AccessLog accessLog;
    private final UsageLedger ledger;
    private final UsageEndpoint usage;
    private final InstanceListener instances;
    private final RequestLogs logs = new RequestLogs();
    private final LogEndpoint logEndpoint = new LogEndpoint(logs);
    private final ExchangeListener exchanges;
    private volatile PriceBook prices;

    /**
     * Of a configuration; nothing is opened but the access log.
     *
     * @throws IllegalArgumentException naming the key that has to be changed
     */
    Accounting(Config config, RouterMetrics metrics, Clock clock, @Nullable Tracing tracing) {
        int keep = config.get(RouterKeys.EXPLAIN_KEEP);
        stories = new RequestStories(keep);
        leastLoaded = config.get(RouterKeys.SELECTOR).equals(new LeastLoadedSelector().name());
        prices = prices(config);
        ledger = new UsageLedger(settings(config), clock);
        usage = new UsageEndpoint(ledger, () -> prices, clock);
        UsageListener usageListener = new UsageListener(ledger);
        LogListener logListener = new LogListener(logs);
        instances = InstanceListener.both(usageListener, logListener);
        accessLog = RouterParts.accessLog(config);
        ExchangeListener counting = ExchangeListener.all(new MetricsListener(metrics), usageListener, logListener);
        ExchangeListener told = keep > 0 || accessLog != null
                ? ExchangeListener.all(
                        counting, new StoryListener(stories, accessLog, keep > 0, NanoClock.SYSTEM, clock))
                : counting;
        exchanges = tracing == null ? told : ExchangeListener.all(new SpanListener(tracing), told);
    }

    /** Hears what becomes of requests. */
    ExchangeListener exchanges() {
        return exchanges;
    }

    /** Hears what instances tell beside. */
    InstanceListener instances() {
        return instances;
    }

    /** The whole story of a request; null when it is not kept any more. */
    @Nullable
    Map<String, Object> explain(String requestId) {
        RequestStory story = stories.find(requestId);
        if (story == null) {
            return null;
        }
        List<LoggedLine> lines = logs.ofRequest(story.id(), story.function(), MAX_EXPLAINED_LINES);
        return Explanation.of(story, lines, leastLoaded);
    }

    RequestLogs logs() {
        return logs;
    }

    LogEndpoint logEndpoint() {
        return logEndpoint;
    }

    UsageLedger ledger() {
        return ledger;
    }

    UsageEndpoint usage() {
        return usage;
    }

    /**
     * Opens the ledger.
     *
     * @throws IllegalArgumentException when there is no driver for its database
     */
    void start() {
        ledger.start();
    }

    /** The price book of a configuration, read again. */
    static PriceBook prices(Config config) {
        return PriceBook.of(config.find(RouterKeys.PRICE_BOOK).orElse(null));
    }

    void take(PriceBook next) {
        prices = next;
    }

    /** Ends the answers that have no end of their own, so that the admin port can close. */
    void endFollowing() {
        logs.close();
    }

    /** Writes what is known. */
    @Override
    public void close() {
        ledger.close();
        if (accessLog != null) {
            accessLog.close();
        }
    }

    private static UsageLedger.Settings settings(Config config) {
        return new UsageLedger.Settings(
                config.find(RouterKeys.USAGE_JDBC_URL)
                        .orElseGet(() -> UsageLedger.embeddedUrl(config.get(RouterKeys.DATA_DIR))),
                config.find(RouterKeys.USAGE_USER).orElse(null),
                config.find(RouterKeys.USAGE_PASSWORD).map(Secret::reveal).orElse(null),
                config.get(RouterKeys.USAGE_KEEP_MINUTES),
                config.get(RouterKeys.USAGE_KEEP));
    }
}
