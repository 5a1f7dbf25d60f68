/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.samples.streaming;

import io.fluid4j.Fluid;
import io.fluid4j.FluidContext;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** {@code GET /status}: who answers, what the request looks like from here, and the counters. */
public final class StatusServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    /** Called by the container. */
    public StatusServlet() {}

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("server", getServletContext().getServerInfo());
        answer.put("pid", ProcessHandle.current().pid());
        answer.put("java", Runtime.version().toString());
        answer.put("protocol", request.getProtocol());
        answer.put("scheme", request.getScheme());
        answer.put("host", String.valueOf(request.getHeader("Host")));
        answer.put("remote", request.getRemoteAddr());
        answer.put("thread", Thread.currentThread().getName());
        try {
            Request.describe(answer);
        } catch (LinkageError e) {
            // A server without Fluid4J does not have its API on the class path either.
            answer.put("function", "");
        }
        answer.putAll(Counters.of(getServletContext()).snapshot());
        Json.send(response, answer);
    }

    /** Kept apart, so that the rest works where the API is missing. */
    private static final class Request {

        static void describe(Map<String, Object> answer) {
            FluidContext context = Fluid.current();
            answer.put("function", context.function());
            answer.put("deployment", context.deployment());
            answer.put("instance", context.instanceId());
            answer.put("requestId", context.requestId());
        }
    }
}
