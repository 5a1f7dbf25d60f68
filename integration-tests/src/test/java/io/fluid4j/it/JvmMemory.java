/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.it;

import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.util.Locale;
import javax.management.MBeanServerConnection;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/** What is alive in the memory of a server's process: what a full collection leaves, so that garbage is not counted. */
final class JvmMemory implements AutoCloseable {

    /**
     * What is alive.
     *
     * @param heapBytes on the heap, after a full collection
     * @param directBytes in direct buffers
     */
    record Live(long heapBytes, long directBytes) {
        long bytes() {
            return heapBytes + directBytes;
        }

        Live orMore(Live other) {
            return other.bytes() > bytes() ? other : this;
        }

        @Override
        public String toString() {
            return mebibytes(heapBytes) + " heap + " + mebibytes(directBytes) + " direct";
        }
    }

    private final JMXConnector connector;
    private final MBeanServerConnection beans;
    private final MemoryMXBean memory;

    private JvmMemory(JMXConnector connector) throws IOException {
        this.connector = connector;
        this.beans = connector.getMBeanServerConnection();
        this.memory = ManagementFactory.getPlatformMXBean(beans, MemoryMXBean.class);
    }

    @SuppressWarnings("BanJNDI") // The address comes from a process that this test has started.
    static JvmMemory of(ServerProcess process) {
        try {
            VirtualMachine machine = VirtualMachine.attach(Long.toString(process.pid()));
            try {
                return new JvmMemory(
                        JMXConnectorFactory.connect(new JMXServiceURL(machine.startLocalManagementAgent())));
            } finally {
                machine.detach();
            }
        } catch (AttachNotSupportedException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Live live() throws IOException {
        memory.gc();
        long heap = 0;
        for (MemoryPoolMXBean pool : ManagementFactory.getPlatformMXBeans(beans, MemoryPoolMXBean.class)) {
            MemoryUsage left = pool.getType() == MemoryType.HEAP ? pool.getCollectionUsage() : null;
            heap += left == null ? 0 : left.getUsed();
        }
        long direct = 0;
        for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(beans, BufferPoolMXBean.class)) {
            direct += pool.getName().equals("direct") ? pool.getMemoryUsed() : 0;
        }
        return new Live(heap, direct);
    }

    static String mebibytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f MiB", bytes / 1048576.0);
    }

    @Override
    public void close() {
        try {
            connector.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
