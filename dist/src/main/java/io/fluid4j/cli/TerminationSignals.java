/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.cli;

import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * SIGTERM and SIGINT: the first one stops the role in an orderly way and ends the process with 0, a second one ends it
 * at once.
 *
 * <p>A shutdown hook could do the first half, but not the exit code, nor the second. {@code sun.misc.Signal} is the
 * only way the JDK has; it is reached by reflection because the compiler warns of it and nothing can silence that.
 */
final class TerminationSignals {

    private static final int SIGNAL_EXIT_CODE = 128;

    private TerminationSignals() {}

    static void install(Runnable stop) {
        AtomicBoolean stopping = new AtomicBoolean();
        for (String name : new String[] {"TERM", "INT"}) {
            try {
                Class<?> signal = Class.forName("sun.misc.Signal");
                Class<?> handler = Class.forName("sun.misc.SignalHandler");
                Object handle = Proxy.newProxyInstance(
                        TerminationSignals.class.getClassLoader(),
                        new Class<?>[] {handler},
                        (proxy, method, arguments) -> {
                            if (method.getName().equals("handle")) {
                                onSignal(stopping, stop, name.equals("TERM") ? 15 : 2);
                            }
                            return method.getReturnType() == boolean.class
                                    ? Boolean.valueOf(proxy == arguments[0])
                                    : null;
                        });
                signal.getMethod("handle", signal, handler)
                        .invoke(null, signal.getConstructor(String.class).newInstance(name), handle);
            } catch (ReflectiveOperationException | IllegalArgumentException e) {
                // A JVM without it, or started with -Xrs: the hook drains, and the exit code is the JVM's.
                Runtime.getRuntime().addShutdownHook(new Thread(stop, "fluid-stop"));
                return;
            }
        }
    }

    private static void onSignal(AtomicBoolean stopping, Runnable stop, int number) {
        if (!stopping.compareAndSet(false, true)) {
            Runtime.getRuntime().halt(SIGNAL_EXIT_CODE + number);
        }
        Thread thread = new Thread(
                () -> {
                    int code = Main.FAILED;
                    try {
                        stop.run();
                        code = Main.OK;
                    } finally {
                        Runtime.getRuntime().exit(code);
                    }
                },
                "fluid-stop");
        thread.start();
    }
}
