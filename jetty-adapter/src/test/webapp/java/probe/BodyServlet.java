/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package probe;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.zip.CRC32;

/** Reads bodies in every way: {@code /blocking}, {@code /listener}, {@code /form}, {@code /ignored}. */
public final class BodyServlet extends HttpServlet {
    private static final long serialVersionUID = 1;

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        switch (request.getPathInfo()) {
            case "/blocking":
                blocking(request, response);
                break;
            case "/listener":
                listener(request, response);
                break;
            case "/form":
                response.getWriter().write(request.getParameter("a") + "," + request.getParameter("b"));
                break;
            default:
                response.getWriter().write("not read");
        }
    }

    private static void blocking(HttpServletRequest request, HttpServletResponse response) throws IOException {
        CRC32 sum = new CRC32();
        byte[] buffer = new byte[8192];
        long length = 0;
        ServletInputStream in = request.getInputStream();
        for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
            sum.update(buffer, 0, read);
            length += read;
        }
        report(request, response, length, sum);
    }

    private static void listener(HttpServletRequest request, HttpServletResponse response) throws IOException {
        AsyncContext async = request.startAsync();
        async.setTimeout(30_000);
        ServletInputStream in = request.getInputStream();
        in.setReadListener(new ReadListener() {
            private final CRC32 sum = new CRC32();
            private final byte[] buffer = new byte[8192];
            private long length;

            @Override
            public void onDataAvailable() throws IOException {
                while (in.isReady() && !in.isFinished()) {
                    int read = in.read(buffer);
                    if (read > 0) {
                        sum.update(buffer, 0, read);
                        length += read;
                    }
                }
            }

            @Override
            public void onAllDataRead() throws IOException {
                report(request, response, length, sum);
                async.complete();
            }

            @Override
            public void onError(Throwable failure) {
                async.complete();
            }
        });
    }

    private static void report(HttpServletRequest request, HttpServletResponse response, long length, CRC32 sum)
            throws IOException {
        String trailer = request.isTrailerFieldsReady() ? request.getTrailerFields().get("x-sum") : null;
        response.getWriter().write(length + " " + Long.toHexString(sum.getValue()) + " " + trailer);
    }
}
