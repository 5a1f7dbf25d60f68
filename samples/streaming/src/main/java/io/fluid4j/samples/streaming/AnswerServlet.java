/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.samples.streaming;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;

/** {@code GET /answer?q=&tokens=&interval=}: an answer as server-sent events, a token every 50 ms unless said. */
public final class AnswerServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    /** Called by the container. */
    public AnswerServlet() {}

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String question = request.getParameter("q");
        int tokens = Parameters.number(request, "tokens", 0, 0, 100_000);
        int intervalMillis = Parameters.number(request, "interval", 50, 1, 60_000);
        response.setContentType("text/event-stream");
        response.setCharacterEncoding("UTF-8");
        response.setHeader("Cache-Control", "no-store");
        AsyncContext async = request.startAsync();
        async.setTimeout(0);
        Counters counters = Counters.of(getServletContext());
        List<String> script = Script.tokens(question == null ? "" : question, tokens);
        new AnswerStream(async, script, counters, SampleClock.of(getServletContext()), intervalMillis).begin();
    }
}
