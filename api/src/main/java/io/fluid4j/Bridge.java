/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j;

import java.lang.management.ManagementFactory;
import java.util.function.Function;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.jspecify.annotations.Nullable;

/**
 * Finds the request a thread works for, without sharing any class with the server but those of the JDK.
 *
 * <p>The server registers one management bean whose operation {@code slots} gives a {@code ThreadLocal<Object[]>} for the
 * whole JVM. Element 0 of a thread's array is the request it works for, as a {@code Function<String, Object>} from the
 * names below to values; null when there is none. A server that does not know a name answers null.
 *
 * <p>A management bean, not a system property: a property that is no string breaks code that lists the properties, and
 * is lost when somebody replaces them.
 */
final class Bridge {

    static final String REQUEST_ID = "requestId";
    static final String INSTANCE_ID = "instanceId";
    static final String FUNCTION = "function";
    static final String DEPLOYMENT = "deployment";
    /** {@code Long} until the response must have begun, or null. */
    static final String REMAINING_NANOS = "remainingNanos";
    /** {@code Boolean}. */
    static final String CANCELLED = "cancelled";
    /** {@code Consumer<CompletionStage<?>>}. */
    static final String WAIT_UNTIL = "waitUntil";
    /** {@code Function<Callable<T>, CompletableFuture<T>>}. */
    static final String RUN_AFTER_RESPONSE = "runAfterResponse";
    /** {@code UnaryOperator<Runnable>}. */
    static final String WRAP = "wrap";

    private static final String BEAN = "io.fluid4j:type=Bridge";

    /** Set once found: the server never takes it back. Outside Fluid4J it is looked for again at each call. */
    private static volatile @Nullable ThreadLocal<?> slots;

    private Bridge() {}

    static @Nullable Function<String, Object> current() {
        ThreadLocal<?> known = slots;
        if (known == null) {
            known = find();
            slots = known;
        }
        if (known == null || !(known.get() instanceof Object[] slot) || slot.length == 0) {
            return null;
        }
        return asContext(slot[0]);
    }

    @SuppressWarnings("unchecked")
    static @Nullable Function<String, Object> asContext(@Nullable Object value) {
        return value instanceof Function<?, ?> function ? (Function<String, Object>) function : null;
    }

    private static @Nullable ThreadLocal<?> find() {
        MBeanServer beans = ManagementFactory.getPlatformMBeanServer();
        try {
            ObjectName name = new ObjectName(BEAN);
            return beans.isRegistered(name)
                            && beans.invoke(name, "slots", new Object[0], new String[0]) instanceof ThreadLocal<?> found
                    ? found
                    : null;
        } catch (InstanceNotFoundException e) {
            return null; // Unregistered between the two calls: as if it had never been there.
        } catch (JMException e) {
            throw new IllegalStateException("the bean " + BEAN + " does not answer", e);
        }
    }
}
