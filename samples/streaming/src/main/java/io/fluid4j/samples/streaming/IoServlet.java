/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.samples.streaming;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** {@code GET /io?millis=&cpuMillis=}: waits as for a database, with a little work before and after. */
public final class IoServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    /** Called by the container. */
    public IoServlet() {}

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        int millis = Parameters.number(request, "millis", 200, 0, 60_000);
        int cpuMillis = Parameters.number(request, "cpuMillis", 0, 0, 10_000);
        Counters counters = Counters.of(getServletContext());
        counters.begun("ioBound");
        try {
            Burner.burn(cpuMillis / 2);
            TimeUnit.MILLISECONDS.sleep(millis);
            Burner.burn(cpuMillis - cpuMillis / 2);
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put("waitedMillis", millis);
            answer.put("cpuMillis", cpuMillis);
            Json.send(response, answer);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            response.sendError(HttpServletResponse.SC_SERVICE_UNAVAILABLE);
        } finally {
            counters.ended();
        }
    }
}
