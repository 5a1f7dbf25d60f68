/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.resolver.dns;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Array;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The system calls of a UDP socket on 64-bit Linux, through {@code java.lang.foreign} of Java 22 and later. This class is
 * compiled for Java 17, which has no such package: it is reached by reflection once, and the handles it yields are
 * constants whose types are primitive, so that a call costs what it would cost otherwise. Calls return -1 for an error and
 * leave its number in the {@link ErrorNumber} of the caller. For any thread.
 */
final class SystemCalls {

    static final int EINTR = 4;
    static final int EAGAIN = 11;
    static final int EADDRINUSE = 98;

    private static final int FIRST_JAVA = 22;
    private static final Set<String> PROCESSORS = Set.of("amd64", "aarch64");

    /** What the handles take instead of {@code MemorySegment}, which Java 17 cannot name. */
    private static final Class<?> SEGMENT = Object.class;

    private static final @Nullable Calls CALLS;
    private static final @Nullable String MISSING;

    static {
        Calls calls = null;
        String missing = unsuitable();
        if (missing == null) {
            try {
                calls = new Calls(new Foreign());
            } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
                missing = e.toString();
            }
        }
        CALLS = calls;
        MISSING = missing;
    }

    private SystemCalls() {}

    /** Why there are none; null when there are. */
    static @Nullable String missing() {
        return MISSING;
    }

    private static @Nullable String unsuitable() {
        if (Runtime.version().feature() < FIRST_JAVA) {
            return "Java " + Runtime.version().feature() + " has no java.lang.foreign";
        }
        String system = System.getProperty("os.name", "");
        String processor = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
        if (!system.equals("Linux") || !PROCESSORS.contains(processor)) {
            return system + " on " + processor;
        }
        try {
            // Without leave the JVM prints a warning, and will refuse one day.
            boolean allowed =
                    (boolean) Module.class.getMethod("isNativeAccessEnabled").invoke(SystemCalls.class.getModule());
            return allowed ? null : "Java was started without --enable-native-access=ALL-UNNAMED";
        } catch (ReflectiveOperationException e) {
            return e.toString();
        }
    }

    /** Where a failed call of its owner leaves the number of the error. For one thread at a time. */
    static final class ErrorNumber {
        private static final int BYTES = 64;

        private final ByteBuffer octets = ByteBuffer.allocateDirect(BYTES).order(ByteOrder.nativeOrder());
        private final Object segment = calls().foreign.segment(octets);

        int value() {
            return octets.getInt(0);
        }

        IOException failure(String call) {
            return new IOException(call + " failed: error " + value());
        }
    }

    /** Where a direct buffer lies. Good for as long as the buffer is reachable. */
    static long address(ByteBuffer direct) {
        return calls().foreign.address(direct);
    }

    static int receiveMany(ErrorNumber error, int socket, long headers, int count, int flags) {
        try {
            return (int) Hot.RECVMMSG.invokeExact(error.segment, socket, headers, count, flags, 0L);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int sendMany(ErrorNumber error, int socket, long headers, int count, int flags) {
        try {
            return (int) Hot.SENDMMSG.invokeExact(error.segment, socket, headers, count, flags);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int socket(ErrorNumber error, int family, int type, int protocol) {
        try {
            return (int) calls().socket.invokeExact(error.segment, family, type, protocol);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int bind(ErrorNumber error, int socket, long address, int length) {
        try {
            return (int) calls().bind.invokeExact(error.segment, socket, address, length);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Where it is bound to. */
    static int name(ErrorNumber error, int socket, long address, long length) {
        try {
            return (int) calls().getsockname.invokeExact(error.segment, socket, address, length);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int option(ErrorNumber error, int socket, int level, int option, long value, int length) {
        try {
            return (int) calls().setsockopt.invokeExact(error.segment, socket, level, option, value, length);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int shutdown(ErrorNumber error, int socket, int how) {
        try {
            return (int) calls().shutdown.invokeExact(error.segment, socket, how);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    static int close(ErrorNumber error, int socket) {
        try {
            return (int) calls().close.invokeExact(error.segment, socket);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private static Calls calls() {
        if (CALLS == null) {
            throw new IllegalStateException(MISSING);
        }
        return CALLS;
    }

    /** A call fails by what it returns; what is thrown is a bug or an error of the JVM. */
    private static RuntimeException unexpected(Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        return failure instanceof RuntimeException runtime ? runtime : new IllegalStateException(failure);
    }

    /** Constants, so that the compiler sees through them. Not touched where there are none. */
    private static final class Hot {
        static final MethodHandle RECVMMSG = calls().recvmmsg;
        static final MethodHandle SENDMMSG = calls().sendmmsg;
    }

    private static final class Calls {
        final Foreign foreign;
        final MethodHandle recvmmsg;
        final MethodHandle sendmmsg;
        final MethodHandle socket;
        final MethodHandle bind;
        final MethodHandle getsockname;
        final MethodHandle setsockopt;
        final MethodHandle shutdown;
        final MethodHandle close;

        Calls(Foreign foreign) throws ReflectiveOperationException {
            this.foreign = foreign;
            // Pointers are passed as long: the calling conventions of these systems do not tell them apart.
            recvmmsg = foreign.call("recvmmsg", int.class, long.class, int.class, int.class, long.class);
            sendmmsg = foreign.call("sendmmsg", int.class, long.class, int.class, int.class);
            socket = foreign.call("socket", int.class, int.class, int.class);
            bind = foreign.call("bind", int.class, long.class, int.class);
            getsockname = foreign.call("getsockname", int.class, long.class, long.class);
            setsockopt = foreign.call("setsockopt", int.class, int.class, int.class, long.class, int.class);
            shutdown = foreign.call("shutdown", int.class, int.class);
            close = foreign.call("close", int.class);
        }
    }

    /** What is needed of {@code java.lang.foreign}. */
    private static final class Foreign {
        private final Class<?> linkerType = type("Linker");
        private final Class<?> optionType = type("Linker$Option");
        private final Class<?> layoutType = type("MemoryLayout");
        private final Class<?> segmentType = type("MemorySegment");
        private final Class<?> descriptorType = type("FunctionDescriptor");
        private final Object linker = linkerType.getMethod("nativeLinker").invoke(null);
        private final Object lookup = linkerType.getMethod("defaultLookup").invoke(linker);
        private final Object layoutOfInt =
                type("ValueLayout").getField("JAVA_INT").get(null);
        private final Object layoutOfLong =
                type("ValueLayout").getField("JAVA_LONG").get(null);
        private final Object options = Array.newInstance(optionType, 1);
        private final MethodHandle segmentOf;
        private final MethodHandle addressOf;

        Foreign() throws ReflectiveOperationException {
            Array.set(
                    options,
                    0,
                    optionType.getMethod("captureCallState", String[].class).invoke(null, (Object)
                            new String[] {"errno"}));
            MethodHandles.Lookup access = MethodHandles.publicLookup();
            segmentOf = access.findStatic(segmentType, "ofBuffer", MethodType.methodType(segmentType, Buffer.class));
            addressOf = access.findVirtual(segmentType, "address", MethodType.methodType(long.class));
        }

        private static Class<?> type(String name) throws ClassNotFoundException {
            return Class.forName("java.lang.foreign." + name);
        }

        Object segment(ByteBuffer direct) {
            try {
                return segmentOf.invoke((Buffer) direct);
            } catch (Throwable e) {
                throw unexpected(e);
            }
        }

        long address(ByteBuffer direct) {
            try {
                return (long) addressOf.invoke(segment(direct));
            } catch (Throwable e) {
                throw unexpected(e);
            }
        }

        /** A function of the C library that returns an int; the handle takes the place for the error number first. */
        MethodHandle call(String name, Class<?>... parameters) throws ReflectiveOperationException {
            Object address = ((Optional<?>)
                            type("SymbolLookup").getMethod("find", String.class).invoke(lookup, name))
                    .orElseThrow(() -> new IllegalStateException("the C library has no " + name));
            Object layouts = Array.newInstance(layoutType, parameters.length);
            for (int i = 0; i < parameters.length; i++) {
                Array.set(layouts, i, parameters[i] == long.class ? layoutOfLong : layoutOfInt);
            }
            Object descriptor = descriptorType
                    .getMethod("of", layoutType, layouts.getClass())
                    .invoke(null, layoutOfInt, layouts);
            MethodHandle handle = (MethodHandle) linkerType
                    .getMethod("downcallHandle", segmentType, descriptorType, options.getClass())
                    .invoke(linker, address, descriptor, options);
            return handle.asType(handle.type().changeParameterType(0, SEGMENT));
        }
    }
}
