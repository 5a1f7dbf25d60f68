/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.juli.logging.Log;
import org.apache.juli.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * The attributes of a {@code <Connector>} element: those that mean the same as on Tomcat's own connectors have a property
 * here, with Tomcat's default; every other one is a key of the configuration. Set by one thread before the start.
 */
abstract class ConnectorAttributes {
    private static final Log LOG = LogFactory.getLog(ConnectorAttributes.class);

    /** Attributes of connectors with sockets of their own, and what Connector itself passes on besides using it. */
    private static final Set<String> WITHOUT_MEANING = Set.of(
            "port",
            "portOffset",
            "address",
            "SSLEnabled",
            "acceptCount",
            "acceptorThreadPriority",
            "bindOnInit",
            "compression",
            "compressionMinSize",
            "connectionLinger",
            "connectionTimeout",
            "connectionUploadTimeout",
            "disableUploadTimeout",
            "keepAliveTimeout",
            "maxConnections",
            "maxHttpHeaderSize",
            "maxHttpRequestHeaderSize",
            "maxHttpResponseHeaderSize",
            "maxKeepAliveRequests",
            "maxSavePostSize",
            "maxSwallowSize",
            "noCompressionUserAgents",
            "secure",
            "tcpNoDelay",
            "useSendfile");

    /** What Connector keeps itself and only tells its handler as well. */
    private static final Set<String> OF_THE_CONNECTOR = Set.of(
            "allowTrace",
            "asyncTimeout",
            "enableLookups",
            "maxParameterCount",
            "maxPostSize",
            "maxSavePostSize",
            "proxyName",
            "proxyPort",
            "redirectPort",
            "scheme",
            "secure",
            "useIPVHosts",
            "xpoweredBy");

    private final Map<String, String> configAttributes = new TreeMap<>();

    private int maxThreads = 200;
    private int minSpareThreads = 10;
    private int threadPriority = Thread.NORM_PRIORITY;
    private boolean useVirtualThreads;
    private int processorCache = 200;
    private int maxHeaderCount = 100;
    private int maxTrailerCount = 100;
    private int streamReadTimeout = 300_000;
    private int streamWriteTimeout = 300_000;
    private @Nullable String relaxedPathChars;
    private @Nullable String relaxedQueryChars;
    private @Nullable String server;
    private boolean serverRemoveAppProvidedValues;
    private String continueResponseTiming = "immediately";

    /**
     * Tomcat calls it for attributes that have no setter here.
     *
     * @param name the attribute
     * @param value its text
     * @return true: a name that is no key either stops the start later, with the nearest key named
     */
    public boolean setProperty(String name, String value) {
        if (WITHOUT_MEANING.contains(name)) {
            LOG.debug("attribute " + name + " has no meaning for a connector that listens on no port");
        } else if (!OF_THE_CONNECTOR.contains(name)) {
            configAttributes.put(name, value);
        }
        return true;
    }

    /**
     * Tomcat calls it for attributes that have no getter here.
     *
     * @param name the attribute
     * @return its text, or null
     */
    public @Nullable String getProperty(String name) {
        return configAttributes.get(name);
    }

    final Map<String, String> configAttributes() {
        return configAttributes;
    }

    /**
     * Most threads of a pool of its own.
     *
     * @return 200 unless set
     */
    public int getMaxThreads() {
        return maxThreads;
    }

    /**
     * Sets the most threads.
     *
     * @param maxThreads 1 or more
     */
    public void setMaxThreads(int maxThreads) {
        this.maxThreads = atLeast(1, maxThreads, "maxThreads");
    }

    /**
     * Threads kept when there is nothing to do.
     *
     * @return 10 unless set
     */
    public int getMinSpareThreads() {
        return minSpareThreads;
    }

    /**
     * Sets the threads kept.
     *
     * @param minSpareThreads 0 or more
     */
    public void setMinSpareThreads(int minSpareThreads) {
        this.minSpareThreads = atLeast(0, minSpareThreads, "minSpareThreads");
    }

    /**
     * Priority of the pool's threads.
     *
     * @return 5 unless set
     */
    public int getThreadPriority() {
        return threadPriority;
    }

    /**
     * Sets the priority.
     *
     * @param threadPriority 1 to 10
     */
    public void setThreadPriority(int threadPriority) {
        this.threadPriority = threadPriority;
    }

    /**
     * Whether each request has a virtual thread (Java 21).
     *
     * @return false unless set
     */
    public boolean getUseVirtualThreads() {
        return useVirtualThreads;
    }

    /**
     * Chooses virtual threads.
     *
     * @param useVirtualThreads true for a virtual thread per request
     */
    public void setUseVirtualThreads(boolean useVirtualThreads) {
        this.useVirtualThreads = useVirtualThreads;
    }

    /**
     * Most request objects kept for later requests.
     *
     * @return 200 unless set; -1: no bound
     */
    public int getProcessorCache() {
        return processorCache;
    }

    /**
     * Sets how many request objects are kept.
     *
     * @param processorCache 0 or more, or -1 for no bound
     */
    public void setProcessorCache(int processorCache) {
        this.processorCache = processorCache;
    }

    /**
     * Most header fields of a request; more are answered 431.
     *
     * @return 100 unless set; -1: no bound but the protocol's
     */
    public int getMaxHeaderCount() {
        return maxHeaderCount;
    }

    /**
     * Sets the most header fields.
     *
     * @param maxHeaderCount 0 or more, or -1 for no bound but the protocol's
     */
    public void setMaxHeaderCount(int maxHeaderCount) {
        this.maxHeaderCount = maxHeaderCount;
    }

    /**
     * Most trailer fields of a request.
     *
     * @return 100 unless set
     */
    public int getMaxTrailerCount() {
        return maxTrailerCount;
    }

    /**
     * Sets the most trailer fields.
     *
     * @param maxTrailerCount 0 or more
     */
    public void setMaxTrailerCount(int maxTrailerCount) {
        this.maxTrailerCount = atLeast(0, maxTrailerCount, "maxTrailerCount");
    }

    /**
     * How long a blocking read waits for more of the body, in milliseconds.
     *
     * @return 300,000 unless set; 0 or less: for ever
     */
    public int getStreamReadTimeout() {
        return streamReadTimeout;
    }

    /**
     * Sets how long a blocking read waits.
     *
     * @param streamReadTimeout milliseconds, 0 or less for ever
     */
    public void setStreamReadTimeout(int streamReadTimeout) {
        this.streamReadTimeout = streamReadTimeout;
    }

    /**
     * How long a blocking write waits for credit, in milliseconds.
     *
     * @return 300,000 unless set; 0 or less: for ever
     */
    public int getStreamWriteTimeout() {
        return streamWriteTimeout;
    }

    /**
     * Sets how long a blocking write waits.
     *
     * @param streamWriteTimeout milliseconds, 0 or less for ever
     */
    public void setStreamWriteTimeout(int streamWriteTimeout) {
        this.streamWriteTimeout = streamWriteTimeout;
    }

    /**
     * Characters a path may have unencoded beyond RFC 3986.
     *
     * @return of {@code " < > [ \ ] ^ ` { | }}, or null
     */
    public @Nullable String getRelaxedPathChars() {
        return relaxedPathChars;
    }

    /**
     * Sets further characters of paths.
     *
     * @param relaxedPathChars of {@code " < > [ \ ] ^ ` { | }}
     */
    public void setRelaxedPathChars(@Nullable String relaxedPathChars) {
        this.relaxedPathChars = relaxedPathChars;
    }

    /**
     * Characters a query may have unencoded beyond RFC 3986.
     *
     * @return of {@code " < > [ \ ] ^ ` { | }}, or null
     */
    public @Nullable String getRelaxedQueryChars() {
        return relaxedQueryChars;
    }

    /**
     * Sets further characters of queries.
     *
     * @param relaxedQueryChars of {@code " < > [ \ ] ^ ` { | }}
     */
    public void setRelaxedQueryChars(@Nullable String relaxedQueryChars) {
        this.relaxedQueryChars = relaxedQueryChars;
    }

    /**
     * The Server header of every response.
     *
     * @return its value, or null for none
     */
    public @Nullable String getServer() {
        return server;
    }

    /**
     * Sets the Server header.
     *
     * @param server its value, or null for none
     */
    public void setServer(@Nullable String server) {
        this.server = server;
    }

    /**
     * Whether a Server header of the application is removed when there is none set here.
     *
     * @return false unless set
     */
    public boolean getServerRemoveAppProvidedValues() {
        return serverRemoveAppProvidedValues;
    }

    /**
     * Sets whether a Server header of the application is removed.
     *
     * @param remove true to remove it
     */
    public void setServerRemoveAppProvidedValues(boolean remove) {
        this.serverRemoveAppProvidedValues = remove;
    }

    /**
     * When {@code 100 Continue} is sent.
     *
     * @return {@code immediately} unless set, or {@code onRead}
     */
    public String getContinueResponseTiming() {
        return continueResponseTiming;
    }

    /**
     * Sets when {@code 100 Continue} is sent.
     *
     * @param timing {@code immediately} or {@code onRead}
     */
    public void setContinueResponseTiming(String timing) {
        this.continueResponseTiming = timing;
    }

    private static int atLeast(int least, int value, String name) {
        if (value < least) {
            throw new IllegalArgumentException(name + " " + value + " (expected: " + least + " or more)");
        }
        return value;
    }
}
