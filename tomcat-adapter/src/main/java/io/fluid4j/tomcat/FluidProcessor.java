/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.tomcat;

import static java.util.Objects.requireNonNull;

import io.fluid4j.frame.HeadWriter;
import io.fluid4j.frame.RequestHead;
import io.fluid4j.instance.ExchangeScope;
import io.fluid4j.tunnel.InboundStream;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.ServletConnection;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.apache.coyote.AbstractProcessor;
import org.apache.coyote.ActionCode;
import org.apache.coyote.Adapter;
import org.apache.coyote.Constants;
import org.apache.coyote.ContinueResponseTiming;
import org.apache.coyote.ErrorState;
import org.apache.coyote.RequestInfo;
import org.apache.coyote.http11.HeadersTooLargeException;
import org.apache.juli.logging.Log;
import org.apache.juli.logging.LogFactory;
import org.apache.tomcat.util.ExceptionUtils;
import org.apache.tomcat.util.buf.ByteChunk;
import org.apache.tomcat.util.buf.MessageBytes;
import org.apache.tomcat.util.net.AbstractEndpoint.Handler.SocketState;
import org.apache.tomcat.util.net.DispatchType;
import org.apache.tomcat.util.net.ServletConnectionImpl;
import org.apache.tomcat.util.net.SocketEvent;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.jspecify.annotations.Nullable;

/**
 * Runs requests of tunnels through Coyote's own machinery: {@link AbstractProcessor} brings the asynchronous state
 * machine, the dispatch loop and the error states; this class stands where a socket would be. There is no
 * SocketWrapper, so whatever the parent would ask it for is overridden here.
 *
 * <p>Used by one {@link FluidExchange} at a time, and for the next one after {@link #recycle}. Threads: container threads
 * under the exchange's lock, threads of the application for what the Servlet API allows them, and the reader thread
 * through {@link #contentAvailable} and {@link #fail}.
 */
final class FluidProcessor extends AbstractProcessor {
    private static final Log LOG = LogFactory.getLog(FluidProcessor.class);

    private static final int CONTINUE = 100;
    private static final int EARLY_HINTS = 103;

    private final FluidProtocol protocol;
    private final RequestBody input;
    private final ResponseHeads heads;
    private final MessageBytes authority = MessageBytes.newInstance();
    private ResponseBody output;
    private @Nullable FluidExchange exchange;
    private @Nullable Throwable cause;

    FluidProcessor(FluidProtocol protocol, Adapter adapter) {
        super(adapter);
        this.protocol = protocol;
        heads = new ResponseHeads(protocol);
        input = new RequestBody(request);
        output = new ResponseBody(this);
        request.setInputBuffer(input);
        response.setOutputBuffer(output);
        request.getMimeHeaders().setLimit(RequestFiller.UNLIMITED);
        request.getRequestProcessor().setGlobalProcessor(protocol.requestGroup());
    }

    // ---------------------------------------------------------------- from and to the exchange

    /** Takes the request of an exchange; {@code process(null, OPEN_READ)} follows. */
    void begin(FluidExchange next) {
        exchange = next;
        RequestHead head = next.head();
        input.begin(
                next.stream(),
                head.endOfRequest(),
                head.contentLength(),
                protocol.getMaxTrailerCount(),
                protocol.getStreamReadTimeout());
        output.begin(next.stream(), protocol.getStreamWriteTimeout());
    }

    /** Whether the event still has a meaning in the state the request is in. */
    boolean accepts(SocketEvent event) {
        if (event == SocketEvent.TIMEOUT) {
            return isAsync() && checkAsyncTimeoutGeneration();
        }
        if (event != SocketEvent.ERROR) {
            return true;
        }
        AtomicBoolean ending = new AtomicBoolean();
        action(ActionCode.ASYNC_IS_COMPLETING, ending);
        if (!isAsync() || ending.get()) {
            return false; // the event that ends the request is on its way
        }
        // Read by dispatch(), which would otherwise ask the SocketWrapper that is not there.
        if (request.getAttribute(RequestDispatcher.ERROR_EXCEPTION) == null) {
            request.setAttribute(RequestDispatcher.ERROR_EXCEPTION, errorToShow());
        }
        return true;
    }

    private Throwable errorToShow() {
        IOException gone = exchange().cancelled();
        if (gone != null) {
            return gone;
        }
        return cause != null ? cause : new IOException("the response cannot be completed");
    }

    /** From the reader thread; true when an OPEN_READ event is wanted. */
    boolean contentAvailable(InboundStream from) {
        return input.contentAvailable(from);
    }

    /** From the reader thread: the requester gave up. Wakes whoever waits. */
    void fail(InboundStream from, IOException gone) {
        input.fail(from, gone);
        output.fail(from, gone);
    }

    /** From the end of a send: the WriteListener waits for it. */
    void writePossible() {
        FluidExchange current = exchange;
        if (current != null) {
            current.dispatch(SocketEvent.OPEN_WRITE);
        }
    }

    ResponseBody response() {
        return output;
    }

    /** The container is done: closes the response unless that has happened. */
    void close() {
        if (!output.endRequested()) {
            action(ActionCode.CLOSE, null);
        }
    }

    /** True when the response may not be ended as if it were complete. */
    boolean broken() {
        return !getErrorState().isIoAllowed();
    }

    /** What broke the response, or null. */
    @Nullable
    Throwable cause() {
        return cause;
    }

    /** True when the application writes without blocking. */
    boolean listening() {
        return response.getWriteListener() != null;
    }

    void commit() {
        if (!response.isCommitted()) {
            response.action(ActionCode.COMMIT, null);
            response.setCommitted(true);
        }
    }

    /** Ready for the next request. */
    @Override
    public void recycle() {
        super.recycle();
        exchange = null;
        cause = null;
        input.recycle();
        if (output.idle()) {
            output.recycle();
        } else {
            // The last octets still wait for credit; their buffer goes its own way.
            output = new ResponseBody(this);
        }
        authority.recycle();
        request.recycle();
        response.recycle();
        request.getMimeHeaders().setLimit(RequestFiller.UNLIMITED);
        request.setInputBuffer(input);
        response.setOutputBuffer(output);
    }

    // ---------------------------------------------------------------- the request

    @Override
    protected SocketState service(@Nullable SocketWrapperBase<?> none) throws IOException {
        RequestInfo info = request.getRequestProcessor();
        info.setStage(Constants.STAGE_PREPARE);
        try {
            int refusal = prepareRequest();
            if (refusal == RequestFiller.ACCEPTED) {
                info.setStage(Constants.STAGE_SERVICE);
                getAdapter().service(request, response);
            } else {
                refuse(refusal);
            }
        } catch (InterruptedIOException e) {
            setErrorState(ErrorState.CLOSE_NOW, e);
        } catch (HeadersTooLargeException e) {
            LOG.error("response head of request " + exchange().head().requestId() + " is too large", e);
            headTooLarge();
        } catch (Throwable t) {
            ExceptionUtils.handleThrowable(t);
            LOG.error("request " + exchange().head().requestId() + " failed", t);
            response.setStatus(500);
            setErrorState(response.isCommitted() ? ErrorState.CLOSE_NOW : ErrorState.CLOSE_CLEAN, t);
            getAdapter().log(request, response, 0);
        }
        info.setStage(Constants.STAGE_ENDED);
        if (!getErrorState().isError() && isAsync()) {
            return SocketState.LONG;
        }
        action(ActionCode.CLOSE, null);
        request.updateCounters();
        return SocketState.CLOSED;
    }

    private int prepareRequest() {
        RequestHead head = exchange().head();
        ExchangeScope scope = exchange().scope();
        int refusal = protocol.filler().fill(request, head);
        RequestFiller.trace(request, scope.traceParent(), scope.traceState());
        String host = head.authority();
        if (host.isEmpty()) {
            parseHost(null);
        } else {
            authority.setBytes(head.targetArray(), head.authorityOffset(), head.authorityLength());
            parseHost(authority);
        }
        Map<String, Object> attributes = scope.requestAttributes();
        if (!attributes.isEmpty()) {
            attributes.forEach(request::setAttribute);
        }
        return refusal == RequestFiller.ACCEPTED && getErrorState().isError() ? response.getStatus() : refusal;
    }

    private void refuse(int status) {
        response.setStatus(status);
        setErrorState(ErrorState.CLOSE_CLEAN, null);
        getAdapter().log(request, response, 0);
    }

    private void headTooLarge() {
        if (response.isCommitted()) {
            setErrorState(ErrorState.CLOSE_NOW, null);
        } else {
            response.reset();
            response.setStatus(500);
            setErrorState(ErrorState.CLOSE_CLEAN, null);
        }
    }

    /** Without a Host the request came to our own address. */
    @Override
    protected void populateHost() {
        String local = request.localName().toString();
        request.serverName().setString(local == null ? "" : local);
    }

    @Override
    protected void populatePort() {
        request.setServerPort(exchange().head().localPort());
    }

    @Override
    protected boolean getPopulateRequestAttributesFromSocket() {
        return false;
    }

    @Override
    protected void populateRequestAttributeRemoteHost() {
        InetAddress remote = exchange().head().remote();
        if (remote != null) {
            request.remoteHost().setString(remote.getHostName());
        }
    }

    /** From the typed head only (P-6.5). */
    @Override
    protected void populateSslRequestAttributes() {
        ClientTls.populate(request, exchange().head());
    }

    @Override
    protected int available(boolean doRead) {
        return input.available();
    }

    @Override
    protected boolean isReadyForRead() {
        RequestBody.Readiness readiness = input.readiness();
        if (readiness == RequestBody.Readiness.ENDED && !request.isRequestThread()) {
            // onAllDataRead() belongs on a container thread.
            exchange().dispatch(SocketEvent.OPEN_READ);
        }
        return readiness == RequestBody.Readiness.READY;
    }

    @Override
    protected boolean isRequestBodyFullyRead() {
        return input.fullyRead();
    }

    @Override
    protected void registerReadInterest() {
        throw new UnsupportedOperationException("isReadyForRead() registers");
    }

    @Override
    protected void setRequestBody(ByteChunk body) {
        input.replay(body);
    }

    @Override
    protected void disableSwallowRequest() {
        // What is left of a body is discarded by the session, with its credit given back (P-5.8).
    }

    @Override
    protected boolean isTrailerFieldsReady() {
        return input.ended();
    }

    // ---------------------------------------------------------------- the response

    @Override
    protected void prepareResponse() throws IOException {
        boolean bodyless = heads.encode(output.headWriter(), exchange().head(), response);
        response.setCommitted(true);
        output.head(response.getContentLengthLong(), bodyless);
        exchange().scope().responseStarted(response.getStatus());
    }

    @Override
    protected void finishResponse() throws IOException {
        if (broken() || output.endRequested()) {
            return;
        }
        Supplier<Map<String, String>> supplier = response.getTrailerFields();
        HeadWriter trailers = supplier == null ? null : ResponseHeads.trailers(supplier.get());
        if (output.tooShort()) {
            return; // complete() says no, and the stream fails
        }
        // The stream keeps the end back until the work has ended, or for some milliseconds.
        output.end(trailers);
    }

    @Override
    protected void flush() throws IOException {
        output.flush();
    }

    @Override
    protected void ack(ContinueResponseTiming timing) {
        if ((timing == ContinueResponseTiming.ALWAYS || timing == protocol.continueTiming())
                && !response.isCommitted()
                && request.hasExpectation()) {
            exchange().stream().interim(new HeadWriter().response(CONTINUE, -1));
        }
    }

    @Override
    protected void earlyHints() throws IOException {
        HeadWriter head = new HeadWriter().response(EARLY_HINTS, -1);
        heads.fields(head, response.getMimeHeaders());
        exchange().stream().interim(head);
    }

    @Override
    protected void setSwallowResponse() {
        // CLOSE_NOW follows, and with it broken(): nothing more is sent.
    }

    @Override
    protected void setErrorState(ErrorState errorState, @Nullable Throwable t) {
        if (t != null && cause == null) {
            cause = t;
        }
        super.setErrorState(errorState, t);
    }

    @Override
    protected boolean isReadyForWrite() {
        return output.ready();
    }

    @Override
    protected boolean flushBufferedWrite() throws IOException {
        return output.pending();
    }

    @Override
    protected boolean isTrailerFieldsSupported() {
        return true;
    }

    // ---------------------------------------------------------------- events and threads

    @Override
    protected void execute(Runnable runnable) {
        protocol.execute(exchange().scope().slice(runnable));
    }

    @Override
    protected void processSocketEvent(SocketEvent event, boolean dispatch) {
        if (dispatch) {
            exchange().dispatch(event);
        } else {
            exchange().event(event);
        }
    }

    @Override
    protected void executeDispatches() {
        Iterator<DispatchType> dispatches = getIteratorAndClearDispatches();
        while (dispatches != null && dispatches.hasNext()) {
            exchange().dispatch(dispatches.next().getSocketStatus());
        }
    }

    @Override
    protected SocketState dispatchEndRequest() {
        return SocketState.CLOSED;
    }

    @Override
    public void pause() {
        // The protocol handler drains.
    }

    @Override
    protected String getProtocolRequestId() {
        return exchange().head().requestId();
    }

    @Override
    protected ServletConnection getServletConnection() {
        RequestHead head = exchange().head();
        return new ServletConnectionImpl(
                Long.toString(exchange().stream().session().id()),
                request.protocol().toString(),
                Integer.toString(exchange().stream().id()),
                head.secure());
    }

    @Override
    protected Log getLog() {
        return LOG;
    }

    private FluidExchange exchange() {
        return requireNonNull(exchange, "the request has ended");
    }
}
