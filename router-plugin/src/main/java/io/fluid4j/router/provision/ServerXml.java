/*
 * Copyright the Fluid4J authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.fluid4j.router.provision;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.transform.TransformerException;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;
import org.xml.sax.helpers.DefaultHandler;

/** Tomcat's {@code server.xml}: several servers of one file must not want the same ports. */
final class ServerXml {

    private ServerXml() {}

    /** No port for shutting down, and a free one for each connector. */
    static void takeFreePorts(Path file) throws IOException {
        try {
            DocumentBuilderFactory parsers = DocumentBuilderFactory.newInstance();
            parsers.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            DocumentBuilder parser = parsers.newDocumentBuilder();
            // Tells nobody but the caller.
            parser.setErrorHandler(new DefaultHandler());
            Document document = parser.parse(file.toFile());
            document.getDocumentElement().setAttribute("port", "-1");
            NodeList connectors = document.getElementsByTagName("Connector");
            for (int i = 0; i < connectors.getLength(); i++) {
                Element connector = (Element) connectors.item(i);
                if (connector.hasAttribute("port")) {
                    connector.setAttribute("port", "0");
                }
            }
            try (OutputStream out = Files.newOutputStream(file)) {
                TransformerFactory.newInstance()
                        .newTransformer()
                        .transform(new DOMSource(document), new StreamResult(out));
            }
        } catch (ParserConfigurationException | SAXException | TransformerException e) {
            throw new IOException(file + " cannot be read as XML: " + e.getMessage(), e);
        }
    }
}
