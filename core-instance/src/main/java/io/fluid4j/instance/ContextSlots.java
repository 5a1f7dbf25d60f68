/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.instance;

import java.lang.management.ManagementFactory;
import javax.management.InstanceAlreadyExistsException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.StandardMBean;

/**
 * The server's end of the bridge to {@code io.fluid4j.Fluid}, whichever copy of that class an application carries: one
 * thread-bound array for the whole JVM, found through a management bean, so that only JDK types cross it (see
 * docs/adr/0003-bridge-to-applications.md).
 */
final class ContextSlots {

    static final String BEAN = "io.fluid4j:type=Bridge";

    /** What the bean answers. Public because the bean server asks for it. */
    public interface Slots {
        /**
         * The slots of this JVM.
         *
         * @return element 0 of a thread's array is the request it works for
         */
        ThreadLocal<Object[]> slots();
    }

    private static final ThreadLocal<Object[]> SLOTS = register();

    private ContextSlots() {}

    /** This thread's array, made when it has none. */
    static Object[] ofThisThread() {
        Object[] slot = SLOTS.get();
        if (slot == null) {
            slot = new Object[1];
            SLOTS.set(slot);
        }
        return slot;
    }

    /** Registers the slots, unless another class loader of this JVM has done so: then those are used. */
    @SuppressWarnings({"unchecked", "ThreadLocalUsage"}) // It ends in a static field, here or in another class loader.
    private static ThreadLocal<Object[]> register() {
        MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
        ThreadLocal<Object[]> own = new ThreadLocal<>();
        try {
            ObjectName name = new ObjectName(BEAN);
            try {
                beans.registerMBean(new StandardMBean((Slots) () -> own, Slots.class), name);
                return own;
            } catch (InstanceAlreadyExistsException e) {
                return (ThreadLocal<Object[]>) beans.invoke(name, "slots", new Object[0], new String[0]);
            }
        } catch (JMException e) {
            throw new IllegalStateException("the bean " + BEAN + " cannot be registered", e);
        }
    }
}
