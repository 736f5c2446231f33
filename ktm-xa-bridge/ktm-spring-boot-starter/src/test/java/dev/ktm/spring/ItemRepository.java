package dev.ktm.spring;

import org.springframework.data.jpa.repository.JpaRepository;

/** The first database, through Spring Data. */
public interface ItemRepository extends JpaRepository<Item, String> {}
