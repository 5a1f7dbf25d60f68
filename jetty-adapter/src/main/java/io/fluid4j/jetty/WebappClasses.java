/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.jetty;

import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.ClassMatcher;

/**
 * What web applications see of us: the {@code io.fluid4j} package itself (the api), always ours and not theirs, and
 * nothing below it.
 *
 * <p>Every environment of 12.0 and 12.1 reads these two attributes of the server as class matchers. The class with the
 * methods for it has another name in each line ({@code org.eclipse.jetty.ee.WebAppClassLoading},
 * {@code org.eclipse.jetty.ee.webapp.WebAppClassLoading}), so the attributes are set directly.
 */
final class WebappClasses {

    private static final String PROTECTED_ATTRIBUTE = "org.eclipse.jetty.webapp.systemClasses";
    private static final String HIDDEN_ATTRIBUTE = "org.eclipse.jetty.webapp.serverClasses";

    /** The classes of the api by name: a package pattern would take in every package below, an application's included. */
    private static final String[] API = {"io.fluid4j.Fluid", "io.fluid4j.FluidContext", "io.fluid4j.Bridge"};

    /** By package, not as a whole: an application may have classes of its own below {@code io.fluid4j}. */
    private static final String[] HIDDEN = {
        "io.fluid4j.frame.",
        "io.fluid4j.instance.",
        "io.fluid4j.jetty.",
        "io.fluid4j.resolver.",
        "io.fluid4j.router.",
        "io.fluid4j.spi.",
        "io.fluid4j.tunnel."
    };

    private WebappClasses() {}

    /** Sets both for all web applications of a server; to be called before they start. Twice does no harm. */
    static void apply(Server server) {
        add(server, PROTECTED_ATTRIBUTE, API);
        add(server, HIDDEN_ATTRIBUTE, HIDDEN);
    }

    private static void add(Server server, String attribute, String... patterns) {
        Object existing = server.getAttribute(attribute);
        ClassMatcher matcher = existing instanceof ClassMatcher present
                ? present
                : existing instanceof String[] strings ? new ClassMatcher(strings) : new ClassMatcher();
        matcher.add(patterns);
        server.setAttribute(attribute, matcher);
    }
}
