package dev.ktm.example.boot;

import org.springframework.data.jpa.repository.JpaRepository;

/** All orders. */
interface PrintOrders extends JpaRepository<PrintOrder, String> {}
