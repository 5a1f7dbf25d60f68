/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package probe;

import io.fluid4j.Fluid;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.PrintWriter;
import java.security.cert.X509Certificate;
import java.util.Collections;

/** Writes down everything a servlet can see of a request, one fact a line. */
public final class FactsServlet extends HttpServlet {
    private static final long serialVersionUID = 1;

    private static final String[] CLASSES = {
        "io.fluid4j.Fluid", "io.fluid4j.jetty.FluidConnector", "io.fluid4j.tunnel.Session", "io.fluid4j.frame.Fields",
        "io.fluid4j.instance.InstanceRuntime", "io.fluid4j.spi.config.Config"
    };

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (request.getParameter("session") != null) {
            request.getSession(true).setAttribute("seen", "yes");
        }
        response.setContentType("text/plain;charset=UTF-8");
        PrintWriter out = response.getWriter();
        out.println("method=" + request.getMethod());
        out.println("scheme=" + request.getScheme());
        out.println("secure=" + request.isSecure());
        out.println("protocol=" + request.getProtocol());
        out.println("server=" + request.getServerName() + ":" + request.getServerPort());
        out.println("url=" + request.getRequestURL());
        out.println("uri=" + request.getRequestURI());
        out.println("path=" + request.getPathInfo());
        out.println("query=" + request.getQueryString());
        out.println("a=" + request.getParameter("a"));
        out.println("remote=" + request.getRemoteAddr() + ":" + request.getRemotePort());
        out.println("local=" + request.getLocalAddr() + ":" + request.getLocalPort());
        out.println("length=" + request.getContentLengthLong());
        for (String name : Collections.list(request.getHeaderNames())) {
            out.println("header." + name.toLowerCase(java.util.Locale.ROOT) + "="
                    + String.join("|", Collections.list(request.getHeaders(name))));
        }
        String prefix = HttpServletRequest.class.getName().startsWith("javax") ? "javax" : "jakarta";
        for (String name : new String[] {"cipher_suite", "key_size", "ssl_session_id"}) {
            out.println("tls." + name + "=" + request.getAttribute(prefix + ".servlet.request." + name));
        }
        Object certificates = request.getAttribute(prefix + ".servlet.request.X509Certificate");
        out.println("certificate="
                + (certificates instanceof X509Certificate[]
                        ? ((X509Certificate[]) certificates)[0].getSubjectX500Principal().getName()
                        : null));
        out.println("fluid.active=" + Fluid.current().active());
        out.println("fluid.request=" + Fluid.current().requestId());
        out.println("fluid.from=" + Fluid.from(request::getAttribute).requestId());
        for (String name : CLASSES) {
            out.println("class." + name + "=" + visible(name));
        }
        out.println("virtual=" + virtual());
    }

    private static boolean visible(String name) {
        try {
            Class.forName(name, false, FactsServlet.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException | NoClassDefFoundError e) {
            return false;
        }
    }

    private static Object virtual() {
        try {
            return Thread.class.getMethod("isVirtual").invoke(Thread.currentThread());
        } catch (ReflectiveOperationException e) {
            return false;
        }
    }
}
