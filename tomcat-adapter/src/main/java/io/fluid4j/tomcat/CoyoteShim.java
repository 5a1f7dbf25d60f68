/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import jakarta.servlet.http.HttpServletResponse;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Locale;
import org.apache.coyote.Request;
import org.apache.tomcat.util.buf.MessageBytes;
import org.apache.tomcat.util.http.MimeHeaders;
import org.jspecify.annotations.Nullable;

/**
 * The calls that differ between the Tomcat versions one jar serves (10.1.20 to 11.0): late versions have {@code
 * setMethod}, {@code markStartTime} and {@code getMimeTrailerFields}, early ones {@code method()}, {@code
 * setStartTimeNanos} and a map. Looked up once.
 */
final class CoyoteShim {
    /** Before Tomcat 11 (Servlet 6.1) the HTTP parser changes the names of header fields to lower case. */
    static final boolean LOWER_CASE_NAMES = find(
                    MethodHandles.publicLookup(),
                    HttpServletResponse.class,
                    "sendRedirect",
                    MethodType.methodType(void.class, String.class, int.class, boolean.class))
            == null;

    private static final MethodHandle SET_METHOD;
    private static final MethodHandle MARK_START;

    /** Null where trailers are a Map that may be changed. */
    private static final @Nullable MethodHandle MIME_TRAILERS = find(
            MethodHandles.publicLookup(),
            Request.class,
            "getMimeTrailerFields",
            MethodType.methodType(MimeHeaders.class));

    static {
        MethodHandles.Lookup lookup = MethodHandles.publicLookup();
        MethodHandle setMethod =
                find(lookup, Request.class, "setMethod", MethodType.methodType(void.class, String.class));
        MethodHandle markStart = find(lookup, Request.class, "markStartTime", MethodType.methodType(void.class));
        try {
            SET_METHOD = setMethod != null
                    ? setMethod
                    : MethodHandles.filterArguments(
                            lookup.findVirtual(
                                    MessageBytes.class, "setString", MethodType.methodType(void.class, String.class)),
                            0,
                            lookup.findVirtual(Request.class, "method", MethodType.methodType(MessageBytes.class)));
            MARK_START = markStart != null
                    ? markStart
                    : MethodHandles.lookup()
                            .findStatic(
                                    CoyoteShim.class,
                                    "startByNanos",
                                    MethodType.methodType(void.class, MethodHandle.class, Request.class))
                            .bindTo(lookup.findVirtual(
                                    Request.class, "setStartTimeNanos", MethodType.methodType(void.class, long.class)));
        } catch (NoSuchMethodException | IllegalAccessException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private CoyoteShim() {}

    /** Sets the method of a request. */
    static void method(Request request, String method) {
        try {
            SET_METHOD.invokeExact(request, method);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** Notes that the request starts now; access log and statistics count from here. */
    static void markStart(Request request) {
        try {
            MARK_START.invokeExact(request);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    @SuppressWarnings("unused") // bound as a MethodHandle
    private static void startByNanos(MethodHandle setNanos, Request request) throws Throwable {
        setNanos.invokeExact(request, System.nanoTime());
    }

    private static @Nullable MethodHandle find(MethodHandles.Lookup lookup, Class<?> in, String name, MethodType type) {
        try {
            return lookup.findVirtual(in, name, type);
        } catch (NoSuchMethodException | IllegalAccessException e) {
            return null;
        }
    }

    /** Adds a trailer field of the request. */
    static void trailer(Request request, String name, String value) {
        if (MIME_TRAILERS == null) {
            request.getTrailerFields().put(name.toLowerCase(Locale.ROOT), value);
            return;
        }
        try {
            MimeHeaders trailers = (MimeHeaders) MIME_TRAILERS.invokeExact(request);
            trailers.addValue(name).setString(value);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    private static RuntimeException unexpected(Throwable t) {
        if (t instanceof Error error) {
            throw error;
        }
        return t instanceof RuntimeException failure ? failure : new IllegalStateException(t);
    }
}
