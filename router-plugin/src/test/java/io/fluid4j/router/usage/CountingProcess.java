/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.usage;

import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A process of its own that counts requests until it is killed, and says how far it has come. */
final class CountingProcess {

    private CountingProcess() {}

    /** Of a function that is named after the life, so that each life can be checked by itself. */
    public static void main(String[] arguments) throws InterruptedException {
        UsageKey key = new UsageKey(arguments[2], "v1", "r");
        UsageLedger ledger = new UsageLedger(
                new UsageLedger.Settings(
                        arguments[0],
                        arguments[1].isEmpty() ? null : arguments[1],
                        null,
                        Duration.ofDays(7),
                        Duration.ofDays(400)),
                Clock.systemUTC());
        ledger.start();
        for (long count = 1; ; count++) {
            ledger.ended(key, false, 1, 1);
            if (count % 100 == 0) {
                System.out.println(count + " " + TimeUnit.NANOSECONDS.toMillis(System.nanoTime()));
                TimeUnit.MILLISECONDS.sleep(10);
            }
        }
    }
}
