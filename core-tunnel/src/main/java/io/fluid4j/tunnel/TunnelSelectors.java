/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tunnel;

import java.io.IOException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Executor;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SelectorManager;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.util.thread.Scheduler;

/** The selectors of a transport: every channel on them is a tunnel. */
final class TunnelSelectors extends SelectorManager {

    TunnelSelectors(Executor executor, Scheduler scheduler, int selectors) {
        super(executor, scheduler, selectors);
    }

    @Override
    protected ManagedSelector newSelector(int id) {
        return new TunnelSelector(this, id);
    }

    @Override
    protected EndPoint newEndPoint(SelectableChannel channel, ManagedSelector selector, SelectionKey key) {
        return new SocketChannelEndPoint((SocketChannel) channel, selector, key, getScheduler());
    }

    @Override
    public Connection newConnection(SelectableChannel channel, EndPoint endPoint, Object attachment)
            throws IOException {
        if (attachment instanceof TunnelConnectionFactory factory) {
            return factory.newConnection(endPoint);
        }
        throw new IOException("a channel that is not a tunnel");
    }

    @Override
    protected void connectionFailed(SelectableChannel channel, Throwable cause, Object attachment) {
        if (attachment instanceof TunnelConnectionFactory factory) {
            factory.connectionFailed(cause);
        }
    }
}
