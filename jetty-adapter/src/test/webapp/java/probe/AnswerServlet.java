/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package probe;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Answers in every way; the path says how. */
public final class AnswerServlet extends HttpServlet {
    private static final long serialVersionUID = 1;

    private static final int CHUNK = 16_384;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        switch (request.getPathInfo()) {
            case "/flushes":
                flushes(request, response);
                break;
            case "/listener":
                listener(request, response);
                break;
            case "/blocking":
                blocking(request, response);
                break;
            case "/throws":
                throw new IllegalStateException("on purpose");
            case "/throws-late":
                response.getOutputStream().write(new byte[100]);
                response.flushBuffer();
                throw new IllegalStateException("on purpose, late");
            case "/teapot":
                response.sendError(418, "teapot");
                break;
            case "/trailers":
                response.setTrailerFields(() -> Map.of("X-Sum", "abc"));
                response.getOutputStream().write("with trailers".getBytes("UTF-8"));
                response.flushBuffer();
                break;
            case "/hints":
                response.setHeader("Link", "</style.css>; rel=preload");
                response.sendError(103);
                response.getWriter().write("after hints");
                break;
            case "/none":
                response.setStatus(204);
                break;
            case "/short":
                response.setContentLength(10);
                response.getOutputStream().write(new byte[4]);
                break;
            case "/odd-fields":
                response.setHeader("Connection", "close");
                response.setHeader("Keep-Alive", "timeout=5");
                response.setHeader("X-Plain", "ok");
                response.getWriter().write("odd");
                break;
            default:
                response.getWriter().write("hello");
        }
    }

    /** One line a flush, each after the test has opened the gate. */
    private static void flushes(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String id = request.getParameter("id");
        String seconds = request.getParameter("seconds");
        response.setContentType("text/plain");
        for (int i = 0; i < 5; i++) {
            response.getWriter().write("line " + i + "\n");
            response.flushBuffer();
            try {
                if (!Events.gate(id).tryAcquire(seconds == null ? 20 : Long.parseLong(seconds), TimeUnit.SECONDS)) {
                    throw new IOException("the gate was not opened");
                }
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
    }

    private static void blocking(HttpServletRequest request, HttpServletResponse response) throws IOException {
        long left = Long.parseLong(request.getParameter("bytes"));
        byte[] chunk = new byte[CHUNK];
        Arrays.fill(chunk, (byte) 'x');
        while (left > 0) {
            int length = (int) Math.min(left, chunk.length);
            response.getOutputStream().write(chunk, 0, length);
            left -= length;
        }
    }

    private static void listener(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String id = request.getParameter("id");
        AsyncContext async = request.startAsync();
        async.setTimeout(60_000);
        ServletOutputStream out = response.getOutputStream();
        out.setWriteListener(new WriteListener() {
            private final byte[] chunk = new byte[CHUNK];
            private long left = Long.parseLong(request.getParameter("bytes"));

            @Override
            public void onWritePossible() throws IOException {
                Events.add(id, "possible");
                while (out.isReady()) {
                    if (left == 0) {
                        async.complete();
                        return;
                    }
                    int length = (int) Math.min(left, chunk.length);
                    left -= length;
                    out.write(chunk, 0, length);
                }
                Events.add(id, "not-ready");
            }

            @Override
            public void onError(Throwable failure) {
                Events.add(id, "error");
                async.complete();
            }
        });
    }
}
