/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.dns;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.BeforeAll;

/** The same with a system call for each message, where that is not the default already. */
class PlainDnsServerTest extends DnsServerTest {

    @BeforeAll
    static void onlyWhereItIsAnother() {
        assumeTrue(SystemCalls.missing() == null, "this Java has nothing else, and that was tested");
    }

    @Override
    boolean batched() {
        return false;
    }
}
