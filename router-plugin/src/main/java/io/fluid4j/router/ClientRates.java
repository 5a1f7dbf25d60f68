/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.SocketAddress;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http2.server.AbstractHTTP2ServerConnectionFactory;
import org.eclipse.jetty.io.EndPoint;
import org.jspecify.annotations.Nullable;

/**
 * Bounds what costs a server more than the client on an HTTP/2 connection: resets, pings, settings, priorities, empty
 * and unknown frames. Whoever sends more is cut off, and {@link Offenders} hears of it.
 *
 * <p>Jetty 12.1 moved the interfaces of its rate control to another package; so they are taken from the method that
 * wants them, and one router runs with either. They are called for such frames only, never for requests.
 */
final class ClientRates {

    /** What a client may send of these in a second; one that cancels a page full of images stays below it. */
    static final int MAX_EVENTS_PER_SECOND = 128;

    /**
     * What it may send of them whatever others at its address send: who shares the address with an offender is not cut
     * off in its stead, and as many whole requests would cost more.
     */
    static final int ALWAYS_FITS_PER_SECOND = 8;

    private ClientRates() {}

    /** Watches every connection of that factory. */
    static void watch(AbstractHTTP2ServerConnectionFactory factory, Offenders offenders) {
        try {
            for (Method setter : factory.getClass().getMethods()) {
                if (setter.getName().equals("setRateControlFactory")) {
                    Class<?> type = setter.getParameterTypes()[0];
                    Class<?> control =
                            type.getMethod("newRateControl", EndPoint.class).getReturnType();
                    setter.invoke(
                            factory,
                            implement(
                                    type,
                                    arguments -> implement(
                                            control,
                                            new Watched(
                                                    ((EndPoint) arguments[0]).getRemoteSocketAddress(), offenders))));
                    return;
                }
            }
            throw new IllegalStateException("this Jetty has no rate control for HTTP/2");
        } catch (NoSuchMethodException | IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException("this Jetty has an unknown rate control for HTTP/2", e);
        }
    }

    private static Object implement(Class<?> type, OnlyMethod only) {
        InvocationHandler handler = (self, method, arguments) ->
                method.getDeclaringClass() == Object.class ? ofObject(self, method, arguments) : only.call(arguments);
        return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler);
    }

    private static Object ofObject(Object self, Method method, Object @Nullable [] arguments) {
        return switch (method.getName()) {
            case "equals" -> arguments != null && self == arguments[0];
            case "hashCode" -> System.identityHashCode(self);
            default -> "rate control of the router";
        };
    }

    /** The one method of such an interface. */
    private interface OnlyMethod {
        Object call(Object[] arguments);
    }

    /** One connection. Called by one thread at a time, as its frames are parsed. */
    static final class Watched implements OnlyMethod {
        private final SocketAddress client;
        private final @Nullable InetAddress address;
        private final Offenders offenders;
        /** When the last events came; the oldest is the next to be replaced. */
        private final long[] eventNanos = new long[MAX_EVENTS_PER_SECOND];

        private int next;
        private boolean cutOff;

        Watched(SocketAddress client, Offenders offenders) {
            this.client = client;
            this.address = Offenders.address(client);
            this.offenders = offenders;
            Arrays.fill(eventNanos, offenders.nanos() - TimeUnit.SECONDS.toNanos(1));
        }

        @Override
        public Boolean call(Object[] event) {
            if (cutOff) {
                return false;
            }
            long now = offenders.nanos();
            if (now - eventNanos[next] < TimeUnit.SECONDS.toNanos(1)) {
                return cutOff(MAX_EVENTS_PER_SECOND);
            }
            int before = Math.floorMod(next - ALWAYS_FITS_PER_SECOND, MAX_EVENTS_PER_SECOND);
            boolean few = now - eventNanos[before] >= TimeUnit.SECONDS.toNanos(1);
            eventNanos[next] = now;
            next = (next + 1) % MAX_EVENTS_PER_SECOND;
            return address == null || offenders.fits(address) || few || cutOff(Offenders.MAX_EVENTS_PER_SECOND);
        }

        private boolean cutOff(int mostPerSecond) {
            cutOff = true;
            offenders.cutOff(client, mostPerSecond);
            return false;
        }
    }
}
