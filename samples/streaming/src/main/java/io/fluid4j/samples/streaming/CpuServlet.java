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

/** {@code GET /cpu?millis=}: keeps one processor busy for that long. */
public final class CpuServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    /** Called by the container. */
    public CpuServlet() {}

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        int millis = Parameters.number(request, "millis", 50, 0, 10_000);
        Counters counters = Counters.of(getServletContext());
        counters.begun("cpuBound");
        try {
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put("rounds", Burner.burn(millis));
            answer.put("cpuMillis", millis);
            Json.send(response, answer);
        } finally {
            counters.ended();
        }
    }
}
